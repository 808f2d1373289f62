"""Exercises to hand in: written once, made into pages and notebooks, graded in a sandbox.

``python -m pooling_class --help`` lists the commands. An exercise is a folder
(`exercise`); nbgrader's format and folders are the shell (`course`, `plugin`), and student code
runs in a `sandbox` only.
"""
