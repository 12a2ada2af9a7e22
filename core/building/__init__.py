"""The parts of the desk, each built from the foundations; `core.bootstrap` alone calls this room."""
