"""Answerdesk's core: everything below the screens, free of the user interface."""
