"""The Jupyter server's settings for this course: the kit's extension, for every role."""

from pathlib import Path

c = get_config()

c.ServerApp.jpserver_extensions = {"coursekit.server": True}
c.Coursekit.course = str(Path(__file__).resolve().parents[1])
# An exercise with a large table is one long message; what the limit drops is never shown.
c.ZMQChannelsWebsocketConnection.limit_rate = False
