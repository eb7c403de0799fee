"""
The first start of a box: its secrets, made once, on the box itself; its sheet, shown until it was read.

What root runs here stands on the standard library: `python -I -m pirogue_socle.premier faire|deposer|retirer`.
"""
