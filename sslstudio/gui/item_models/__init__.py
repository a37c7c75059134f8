"""What lists and maps of images are made of: rows, colourings and thumbnails, shared by the views that show them."""
