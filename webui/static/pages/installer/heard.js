// How a leg sounds, or did: codec, encryption, loss, jitter, and the score to be expected.

import { number, t } from "../../js/i18n.js";

export function heard(media) {
  if (!media?.codec) return [];
  const packets = media.received_packets + media.lost_packets;
  return [
    media.codec,
    media.secure && t("system.calls.encrypted"),
    packets > 0 && t("system.calls.loss", { percent: number((100 * media.lost_packets) / packets, { maximumFractionDigits: 1 }) }),
    packets > 0 && t("system.calls.jitter", { ms: number(media.jitter_ms, { maximumFractionDigits: 0 }) }),
    media.mos && t("system.calls.mos", { score: number(media.mos, { minimumFractionDigits: 1, maximumFractionDigits: 1 }) }),
  ].filter(Boolean);
}
