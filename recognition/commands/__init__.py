"""The command line's verbs, a module for each; `recognition.__main__` gathers them."""
