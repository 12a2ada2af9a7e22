"""Personal data and secrets: found before anything leaves the machine, put back afterwards.

`kinds` names what is looked for, `analyser` finds it, `masking` replaces and restores it for one
question or conversation.
"""
