"""The stream: Faust applications that turn support events into health scores."""
