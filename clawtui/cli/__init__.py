"""The command line: one file a verb, each loading only what it needs. Only `output` prints."""
