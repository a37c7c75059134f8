"""Training: the pixel store, one loop with exact resume, checkpoints, schedule and monitors without labels."""
