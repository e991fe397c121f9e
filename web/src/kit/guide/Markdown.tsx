import { Content } from "@patternfly/react-core";
import { lexer, type Token, type Tokens } from "marked";
import { createElement, type ReactNode } from "react";
import { href } from "../router";

/** Markdown as elements, its headings below that of the page. HTML in it is shown as text: a guide needs none. */
export function Markdown({ text }: { text: string }) {
  return <Content className="ik-guide">{blocks(lexer(text))}</Content>;
}

function blocks(tokens: readonly Token[] = []): ReactNode[] {
  return tokens.map((token, index) => <Block key={index} token={token} />);
}

function Block({ token }: { token: Token }): ReactNode {
  switch (token.type) {
    case "space":
    case "def":
      return null;
    case "heading":
      return createElement(`h${Math.min(6, (token as Tokens.Heading).depth + 1)}`, {}, spans(token.tokens));
    case "paragraph":
      return <p>{spans(token.tokens)}</p>;
    case "code":
      return <pre className="ik-code">{token.text}</pre>;
    case "blockquote":
      return <blockquote>{blocks(token.tokens)}</blockquote>;
    case "hr":
      return <hr />;
    case "list":
      return <List list={token as Tokens.List} />;
    case "table":
      return <Table table={token as Tokens.Table} />;
    default:
      return "tokens" in token && token.tokens ? spans(token.tokens) : token.raw;
  }
}

function List({ list }: { list: Tokens.List }) {
  const items = list.items.map((item, index) => <li key={index}>{blocks(item.tokens)}</li>);
  return list.ordered ? <ol start={list.start || 1}>{items}</ol> : <ul>{items}</ul>;
}

function Table({ table }: { table: Tokens.Table }) {
  return (
    <div className="ik-guide__table">
      <table>
        <thead>
          <tr>
            {table.header.map((cell, index) => (
              <th key={index} scope="col">
                {spans(cell.tokens)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {table.rows.map((row, index) => (
            <tr key={index}>
              {row.map((cell, column) => (
                <td key={column}>{spans(cell.tokens)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function spans(tokens: readonly Token[] = []): ReactNode[] {
  return tokens.map((token, index) => <Span key={index} token={token} />);
}

function Span({ token }: { token: Token }): ReactNode {
  switch (token.type) {
    case "strong":
      return <strong>{spans(token.tokens)}</strong>;
    case "em":
      return <em>{spans(token.tokens)}</em>;
    case "codespan":
      return <code>{token.text}</code>;
    case "image":
      // The pictures are of the very pages that the reader has before them.
      return null;
    case "br":
      return <br />;
    case "link":
      return <GuideLink link={token as Tokens.Link} />;
    case "escape":
      return token.text;
    case "text":
      return token.tokens ? spans(token.tokens) : unescape(token.text);
    default:
      return token.raw;
  }
}

/** Pages of the guide refer to each other by file name; what lies outside opens in a tab of its own. */
function GuideLink({ link }: { link: Tokens.Link }) {
  const page = /^(?:\.\/)?([\w-]+)\.md(?:#.*)?$/.exec(link.href)?.[1];
  if (page) return <a href={href(["guide", page])}>{spans(link.tokens)}</a>;
  if (!/^https?:/.test(link.href)) return spans(link.tokens);
  return (
    <a href={link.href} target="_blank" rel="noreferrer noopener">
      {spans(link.tokens)}
    </a>
  );
}

/** The lexer leaves entities to the browser, which React does not ask. */
function unescape(text: string): string {
  const entities: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" };
  return text.replace(/&(amp|lt|gt|quot|#39);/g, (entity, name: string) => entities[name] ?? entity);
}
