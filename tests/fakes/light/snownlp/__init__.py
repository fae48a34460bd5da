"""Stands in for the library SnowNLP where a test starts the service many times.

The real one takes four seconds and 400 MB to load. Put this folder's parent on PYTHONPATH.
"""
