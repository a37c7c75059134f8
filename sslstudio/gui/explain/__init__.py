"""Why this class? One image with what the classifier thinks of it, the nearest labelled images and where it looked."""
