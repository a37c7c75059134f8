"""The frozen vocabulary of the product: what crosses a thread, a process or a file.

Nothing here computes, opens files or imports anything heavier than pydantic.
"""
