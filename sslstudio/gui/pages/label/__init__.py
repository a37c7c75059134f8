"""Label: images one by one or many at once, with suggestions and a queue that says why."""
