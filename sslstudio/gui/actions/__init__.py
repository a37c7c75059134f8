"""Actions of the window as data: what can be done, under which keys, and why not now."""
