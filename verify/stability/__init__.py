"""The weighted seminorm of networks, enclosed, against the bounds of Thm 3.2, Cor 3.3 and Theorem E."""
