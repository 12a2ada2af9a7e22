"""The journal for those who may read it: rights, pseudonyms and names, search, timeline, export."""
