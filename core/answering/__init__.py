"""How passages become a cited answer."""
