"""A link that can be cut, slow or silent: a TCP relay on loop-back."""

import contextlib
import socket
import threading
import time


class Link:
    """Passes connections on to ``port``; as long as :attr:`cut` nothing gets through and none is taken."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self.cut = False
        self.silent = False
        """Connections stay, but nothing passes: as behind a dead router."""
        self.delay_s = 0.0
        self.bytes = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, name="link", daemon=True).start()

    def break_(self) -> None:
        """Cut: connections are reset, new ones refused."""
        self.cut = True
        for pair in self._pairs:
            for one in pair:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
        self._pairs.clear()

    def mend(self) -> None:
        """As it was."""
        self.cut = self.silent = False
        self.delay_s = 0.0

    def close(self) -> None:
        """End."""
        self.break_()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if self.cut:
                near.close()
                continue
            try:
                far = socket.create_connection(("127.0.0.1", self._to), timeout=5)
            except OSError:
                near.close()
                continue
            far.settimeout(None)
            self._pairs.append((near, far))
            for source, target in ((near, far), (far, near)):
                threading.Thread(target=self._pass, args=(source, target), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if self.delay_s:
                    time.sleep(self.delay_s)
                while self.silent:
                    time.sleep(0.02)
                self.bytes += len(data)
                target.sendall(data)
        for one in (source, target):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
