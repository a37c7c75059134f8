"""The pages of the window, one folder a step: view, controller and texts apart."""
