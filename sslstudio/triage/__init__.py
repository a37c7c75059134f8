"""What can be seen in single pictures and between them that a person should look at before a training.

numpy, OpenCV and ONNX Runtime; no torch, no Qt, no database. Used in the triage job and nowhere else.
"""
