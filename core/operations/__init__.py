"""What administrators see and do; each act is checked here and stands in the journal."""
