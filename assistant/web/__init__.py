"""The web page: a FastAPI app with the library's articles, and the conversation as a Gradio page."""
