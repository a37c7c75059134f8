"""The command line: everything the window does, without a window. Results go to stdout, progress to stderr.

`parser` holds every command with its options and nothing heavy, so that `--help` is quick; `dispatch` loads the one
module that a command needs. A job command prepares a run, starts it as a child process, follows it and adopts it.
"""
