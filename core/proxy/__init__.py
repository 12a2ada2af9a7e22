"""The gateway as a reverse proxy: one OpenAI-compatible address for every application of the company."""
