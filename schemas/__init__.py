"""What is said on the wire: the type of every record, the catalogue of topics, keys and identifiers.

Imports the standard library and msgspec only, so that any consumer of Heartline's topics can use it by itself.
"""
