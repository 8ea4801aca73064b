"""What generate.py is made of; see reference-data/README.md for the order in which to read it."""


class DataFault(Exception):
    """The data, or the machine it is made on, is at fault: one sentence for the user, exit code 3."""
