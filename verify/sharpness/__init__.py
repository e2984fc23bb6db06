"""The certified sharpness of a saved network."""
