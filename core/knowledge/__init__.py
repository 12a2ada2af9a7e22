"""What the company knows: loading, chunking, indexing and retrieving its documents."""
