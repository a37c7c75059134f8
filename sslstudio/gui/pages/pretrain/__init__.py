"""Pretrain: a backbone learns from the images alone."""
