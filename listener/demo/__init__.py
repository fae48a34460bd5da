"""The bundled demonstration: an invented brand, three weeks of its history and a live crisis.

``world`` makes the posts, ``site`` serves them over loopback. Brand, people, media and events are
fictional; nothing here stores, judges or sends anything.
"""
