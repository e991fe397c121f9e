import {
  DescriptionList,
  DescriptionListDescription,
  DescriptionListGroup,
  DescriptionListTerm,
  Title,
} from "@patternfly/react-core";
import { useState } from "react";
import { Loaded } from "../../kit/states";
import type { TopologyNode } from "../../kit/types";
import "./topology.css";
import { picture, useTopology, type Box, type Line, type Picture } from "./topology";

const WIDTH = 150;
const HEIGHT = 46;
const GAP = { across: 60, down: 14 };
const EDGE = 4;

const KINDS: Record<TopologyNode["kind"], string> = {
  card: "Card",
  bond: "Bond",
  vlan: "VLAN",
  bridge: "Bridge",
  "ovs-bridge": "OVS bridge",
  "ovs-port": "OVS port",
  vxlan: "VXLAN",
  guest: "Guest",
  other: "Interface",
};
const FATES: Record<NonNullable<TopologyNode["pending"]>, string> = {
  new: "new",
  changed: "changes",
  restarted: "goes down for a moment",
  removed: "is removed",
};

/** How everything hangs together: live, and with what is staged in colour and in words. */
export function Topology({ node }: { node: string }) {
  const topology = useTopology(node);
  return (
    <section className="ik-stack ik-stack--tight" aria-label="Topology">
      <Title headingLevel="h2" size="lg">
        Topology
      </Title>
      <Loaded query={topology} what="the topology">
        {(found) => {
          const drawn = picture(found);
          if (!drawn)
            return (
              <p className="ik-subtle">There are too many interfaces for a picture: the table has them.</p>
            );
          return drawn.boxes.length === 0 ? null : <Drawing drawn={drawn} />;
        }}
      </Loaded>
    </section>
  );
}

const left = ({ column }: Box) => EDGE + column * (WIDTH + GAP.across);
const top = ({ row }: Box) => EDGE + row * (HEIGHT + GAP.down);

function Drawing({ drawn }: { drawn: Picture }) {
  const [chosen, setChosen] = useState<string>();
  const box = drawn.boxes.find(({ id }) => id === chosen);
  const width = drawn.columns * (WIDTH + GAP.across) - GAP.across + 2 * EDGE;
  const height = drawn.rows * (HEIGHT + GAP.down) - GAP.down + 2 * EDGE;
  return (
    <>
      <div className="ik-topology" role="region" aria-label="Picture of the network" tabIndex={0}>
        <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`}>
          {drawn.lines.map((line) => (
            <Tie key={`${line.from.id} ${line.to.id}`} line={line} />
          ))}
          {drawn.boxes.map((one) => (
            <Shape
              key={one.id}
              box={one}
              isChosen={one.id === chosen}
              onChoose={() => setChosen(one.id === chosen ? undefined : one.id)}
            />
          ))}
        </svg>
      </div>
      <Legend drawn={drawn} />
      {box && <Details box={box} />}
    </>
  );
}

function Tie({ line: { from, to, fate } }: { line: Line }) {
  const [x, y] = [left(from) + WIDTH, top(from) + HEIGHT / 2];
  const [endX, endY] = [left(to), top(to) + HEIGHT / 2];
  const bend = Math.max(20, (endX - x) / 2);
  return (
    <path
      className={`ik-topology__tie ik-topology__tie--${fate}`}
      d={`M ${x} ${y} C ${x + bend} ${y}, ${endX - bend} ${endY}, ${endX} ${endY}`}
    />
  );
}

function Shape({ box, isChosen, onChoose }: { box: Box; isChosen: boolean; onChoose: () => void }) {
  const [one] = box.nodes;
  if (!one) return null;
  const isAlive = box.nodes.some(({ carrier, up }) => carrier === 1 && up === 1);
  const fate = one.pending;
  const classes = [
    "ik-topology__box",
    fate && `ik-topology__box--${fate}`,
    one.exists === 0 && "ik-topology__box--gone",
  ];
  return (
    <g
      className={classes.filter(Boolean).join(" ")}
      role="button"
      tabIndex={0}
      aria-pressed={isChosen}
      aria-label={inWords(box)}
      transform={`translate(${left(box)} ${top(box)})`}
      onClick={onChoose}
      onKeyDown={(event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        onChoose();
      }}
    >
      <rect width={WIDTH} height={HEIGHT} rx={6} />
      <circle className={isAlive ? "ik-topology__live" : "ik-topology__dead"} cx={14} cy={17} r={4.5} />
      <text x={26} y={21} className="ik-topology__name">
        {`${fitting(box.title, 15)} `}
      </text>
      <text x={12} y={38} className="ik-topology__more">
        {fitting(secondLine(box), 22)}
      </text>
    </g>
  );
}

function fitting(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}

function secondLine({ nodes }: Box): string {
  const [one] = nodes;
  if (!one) return "";
  if (one.pending) return FATES[one.pending];
  const [address] = one.addresses ?? [];
  if (address) return address;
  if (one.kind === "card" && one.carrier === 0) return one.up === 1 ? "no cable" : "down";
  if (one.speed) return speed(one.speed);
  if (one.vlan) return `VLAN ${one.vlan}`;
  return one.kind === "guest" ? "guest" : KINDS[one.kind].toLowerCase();
}

function speed(megabits: number): string {
  return megabits >= 1000 ? `${megabits / 1000} Gbit/s` : `${megabits} Mbit/s`;
}

/** What a box says to who does not see it: what stands in it, and what its shape and dot say. */
function inWords(box: Box): string {
  const [one] = box.nodes;
  if (!one) return box.title;
  const alive = box.nodes.filter(({ carrier, up }) => carrier === 1 && up === 1).length;
  const state =
    box.nodes.length > 1
      ? `${alive} connected`
      : one.exists === 0
        ? "not there"
        : alive === 1
          ? "connected"
          : "not connected";
  return [`${box.title} ${secondLine(box)}`, KINDS[one.kind].toLowerCase(), state].join(", ");
}

/** What the colours and lines mean, as far as they are there. */
function Legend({ drawn: { boxes, lines } }: { drawn: Picture }) {
  const fates = new Set(lines.map(({ fate }) => fate));
  const isStaged = boxes.some(({ nodes }) => nodes.some(({ pending }) => pending));
  return (
    <p className="ik-subtle ik-small">
      A full dot is a link with something at its other end.
      {isStaged && " Coloured boxes change when what is staged is applied."}
      {fates.has("comes") && " Dashed lines come then."}
      {fates.has("goes") && " Red lines go then."}
      {fates.has("missing") && " Dotted lines are configured, and not there."}
    </p>
  );
}

function Details({ box }: { box: Box }) {
  const [one] = box.nodes;
  if (!one) return null;
  const isMember = one.bond_active !== undefined;
  const rows: (readonly [string, string | null | undefined])[] =
    box.nodes.length > 1
      ? [["Cards", box.nodes.map(({ name }) => name).join(" ")]]
      : [
          ["Type", KINDS[one.kind]],
          [
            "Link",
            one.exists === 0
              ? "not there"
              : one.up === 0
                ? "down"
                : one.carrier === 1
                  ? "up"
                  : "up, no cable",
          ],
          ["Speed", one.speed ? speed(one.speed) : undefined],
          ["Addresses", one.addresses?.join(" ")],
          ["MTU", one.mtu?.toString()],
          ["Hardware address", one.mac],
          ["Mode", one.bond_mode],
          ["In its bond", isMember ? (one.bond_active === 1 ? "in use" : "waits") : undefined],
          ["VLAN", one.vlan?.toString()],
          ["Driver", one.driver],
          ["Place on the bus", one.pci],
          ["Other names", one.altnames?.join(" ")],
          ["When applied", one.pending && [FATES[one.pending], ...(one.differences ?? [])].join(": ")],
        ];
  return (
    <DescriptionList isCompact isHorizontal aria-label={`About ${box.title}`}>
      {rows
        .filter(([, value]) => value)
        .map(([term, value]) => (
          <DescriptionListGroup key={term}>
            <DescriptionListTerm>{term}</DescriptionListTerm>
            <DescriptionListDescription className="ik-wrap">{value}</DescriptionListDescription>
          </DescriptionListGroup>
        ))}
    </DescriptionList>
  );
}
