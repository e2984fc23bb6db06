"""Training at a large step size and with weight decay: neurons shatter, or not."""
