"""Gradient descent, SGD, label noise and weight decay on the same data: which flatness do they find, and what does it hold?"""
