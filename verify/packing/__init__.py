"""A boundary-localised packing and every claim about it."""
