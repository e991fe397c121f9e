import { encode } from "uqr";

/** Empty modules around the code, without which cameras do not find it. */
const QUIET = 4;

/** A QR code, dark on light in either theme: many cameras do not read it the other way round. */
export function QrCode({ text, label }: { text: string; label: string }) {
  const { data, size } = encode(text, { border: 0 });
  const path = data
    .flatMap((row, y) => row.flatMap((dark, x) => (dark ? [`M${x},${y}h1v1h-1z`] : [])))
    .join("");
  const side = size + 2 * QUIET;
  return (
    <svg
      className="ik-qr"
      role="img"
      aria-label={label}
      viewBox={`${-QUIET} ${-QUIET} ${side} ${side}`}
      shapeRendering="crispEdges"
    >
      <rect className="ik-qr__ground" x={-QUIET} y={-QUIET} width={side} height={side} />
      <path className="ik-qr__code" d={path} />
    </svg>
  );
}
