"""The command line, one file per group of commands; each command is thin above a use-case."""
