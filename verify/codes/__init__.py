"""The best spherical code at an angle, built and certified."""
