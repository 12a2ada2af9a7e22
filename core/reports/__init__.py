"""What was spent, by whom and on what: pandas frames behind the charts, and who may see them."""
