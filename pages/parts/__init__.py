"""The parts that screens are made of, one concept a file. None of these is a page."""
