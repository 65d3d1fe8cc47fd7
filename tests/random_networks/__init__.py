"""Random networks: valid specs that use all of the language, each with a second reading of what it means.

A seed makes a spec whose fields are terms: a text as the language has it, and what that text is worth by Python. The
reference walks the same spec with torch's own modules and knows nothing of archspec. `python tests/try_networks.py`
compares the two for as many seeds as one likes.
"""
