"""Parts of HTTP that both programs read, the recorder and the inbox: content codings and multipart bodies.

The modules here import nothing else of the package.
"""
