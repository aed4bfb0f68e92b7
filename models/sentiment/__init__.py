"""Sentiment and tone of a customer's message: the port, its adapters, and the model that ships with the product."""
