"""SSL Studio: from unlabeled medical images to an honestly evaluated classifier, on your own computer."""

__version__ = "0.1.0"
