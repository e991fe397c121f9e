import { Label } from "@patternfly/react-core";
import { Fragment } from "react";
import { parseDiff, type DiffFile, type DiffLine } from "./parse";
import "./diff.css";

/** A unified diff, for eyes (colour, sign, line numbers) and for screen readers (inserted and deleted text). */
export function DiffView({ diff }: { diff: string }) {
  const files = parseDiff(diff);
  if (files.length === 0 && diff.trim() !== "") return <pre className="ik-code">{diff}</pre>;
  return (
    <div className="ik-diff">
      {files.map((file, index) => (
        <FileDiff key={index} file={file} />
      ))}
    </div>
  );
}

function FileDiff({ file }: { file: DiffFile }) {
  const path = file.new ?? file.old ?? "";
  return (
    <figure className="ik-diff__file">
      <figcaption className="ik-diff__name">
        <span className="ik-mono">{path}</span>
        {file.old === undefined && (
          <Label isCompact color="green">
            new file
          </Label>
        )}
        {file.new === undefined && (
          <Label isCompact color="red">
            removed
          </Label>
        )}
        {file.hunks.length > 0 && (
          <span
            className="ik-diff__counts"
            aria-label={`${file.added} lines added, ${file.removed} lines removed`}
          >
            <span className="ik-diff__plus">+{file.added}</span>{" "}
            <span className="ik-diff__minus">−{file.removed}</span>
          </span>
        )}
      </figcaption>
      {file.notes.map((note, index) => (
        <p key={index} className="ik-diff__note">
          {note}
        </p>
      ))}
      {file.hunks.length > 0 && <Hunks file={file} path={path} />}
    </figure>
  );
}

function Hunks({ file, path }: { file: DiffFile; path: string }) {
  return (
    // The region scrolls sideways, so it has to be reachable by keyboard.
    <div className="ik-diff__scroll" role="region" aria-label={`Changes in ${path}`} tabIndex={0}>
      <table>
        <thead className="pf-v6-screen-reader">
          <tr>
            <th scope="col">Old line</th>
            <th scope="col">New line</th>
            <th scope="col">Change</th>
            <th scope="col">Text</th>
          </tr>
        </thead>
        <tbody>
          {file.hunks.map((hunk, index) => (
            <Fragment key={index}>
              {index > 0 && (
                <tr className="ik-diff__gap">
                  <td colSpan={4}>⋯</td>
                </tr>
              )}
              {hunk.lines.map((line, number) => (
                <Line key={number} line={line} />
              ))}
            </Fragment>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const SIGN = { same: "", added: "+", removed: "−", note: "" } as const;

function Line({ line }: { line: DiffLine }) {
  return (
    <tr className={`ik-diff__line ik-diff__line--${line.kind}`}>
      <td className="ik-diff__number">{line.old}</td>
      <td className="ik-diff__number">{line.new}</td>
      <td className="ik-diff__sign">{SIGN[line.kind]}</td>
      <td className="ik-diff__text">
        <Text line={line} />
      </td>
    </tr>
  );
}

function Text({ line }: { line: DiffLine }) {
  if (line.kind === "note") return <em>{line.text}</em>;
  const [start, end] = line.changed ?? [0, 0];
  const text =
    end > start ? (
      <>
        {line.text.slice(0, start)}
        <mark>{line.text.slice(start, end)}</mark>
        {line.text.slice(end)}
      </>
    ) : (
      line.text
    );
  if (line.kind === "added") return <ins>{text}</ins>;
  if (line.kind === "removed") return <del>{text}</del>;
  return <>{text}</>;
}
