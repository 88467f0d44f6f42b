"""Pictures: what metadata tells of them, and a window to show them in."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from gymnasium.error import DependencyNotInstalled

from farstep.errors import UnsupportedMode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from farstep.client import RemoteVectorEnv

FPS = 30


class Screen:
    """How an env is rendered: not at all, as arrays (`rgb_array`), or in a window (`human`).

    Raises UnsupportedMode where the env has no such mode, DependencyNotInstalled where a window needs pygame.
    """

    def __init__(self, remote: RemoteVectorEnv, mode: str | None) -> None:
        self._window: Any = None
        self._pygame: Any = None
        spec = remote.contract["spec"]
        modes = list(spec["renderModes"])
        # As of Gymnasium's wrapper for envs that draw no window themselves.
        offered = [*modes, "human"] if modes else []
        if mode is not None and mode not in offered:
            remote.client.close()
            message = f"{spec['id']}: no render mode {mode!r}; there are {', '.join(offered) or 'none'}"
            raise UnsupportedMode("no_render", message)
        self.metadata: dict[str, Any] = {
            "render_modes": offered if mode == "human" else modes,
            "render_fps": FPS,
        }
        if mode == "human":
            try:
                import pygame
            except ModuleNotFoundError as missing:
                remote.client.close()
                hint = "pip install farstep[human]"
                raise DependencyNotInstalled(f"render_mode 'human' needs pygame: {hint}") from missing
            self._pygame = pygame
            self._clock = pygame.time.Clock()

    @property
    def is_window(self) -> bool:
        return self._pygame is not None

    def show(self, pictures: Sequence[NDArray[np.uint8]]) -> None:
        """Show RGB pictures [height, width, 3] of one size side by side, FPS times a second at most."""
        picture = _tiled(pictures)
        pygame = self._pygame
        if self._window is None:
            pygame.init()
            self._window = pygame.display.set_mode((picture.shape[1], picture.shape[0]))
        pygame.surfarray.blit_array(self._window, picture.swapaxes(0, 1))
        pygame.event.pump()
        pygame.display.flip()
        self._clock.tick(FPS)

    def close(self) -> None:
        if self._window is not None:
            self._window = None
            self._pygame.display.quit()


def _tiled(pictures: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    columns = math.ceil(math.sqrt(len(pictures)))
    height, width, _ = pictures[0].shape
    tiled = np.zeros((height * math.ceil(len(pictures) / columns), width * columns, 3), np.uint8)
    for i, picture in enumerate(pictures):
        top, left = height * (i // columns), width * (i % columns)
        tiled[top : top + height, left : left + width] = picture
    return tiled
