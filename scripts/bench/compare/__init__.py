"""edge beside what a user would run instead: the same clips from the same RTSP server, the same model, the same broker,
in one run.
"""
