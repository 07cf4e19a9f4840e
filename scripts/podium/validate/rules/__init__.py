"""The rules, one function each, by what they look at; `tables.py` names them all."""
