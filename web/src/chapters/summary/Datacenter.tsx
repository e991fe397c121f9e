import { Label } from "@patternfly/react-core";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import { ChapterPage } from "../../kit/ChapterPage";
import { useNodes } from "../../kit/nodes";
import { Link } from "../../kit/router";
import { Loaded, Nothing } from "../../kit/states";

export function Datacenter() {
  const nodes = useNodes();
  return (
    <ChapterPage title="Datacenter" intro="The nodes that are kept together.">
      <Loaded query={nodes} what="the nodes">
        {(list) =>
          list.length === 0 ? (
            <Nothing title="This datacenter has no node" />
          ) : (
            <Table variant="compact" gridBreakPoint="grid-md" aria-label="Nodes">
              <Thead>
                <Tr>
                  <Th>Node</Th>
                  <Th>Status</Th>
                </Tr>
              </Thead>
              <Tbody>
                {list.map(({ node, status }) => (
                  <Tr key={node}>
                    <Td dataLabel="Node">
                      <Link to={["nodes", node]}>{node}</Link>
                    </Td>
                    <Td dataLabel="Status">
                      <Label isCompact color={status === "online" ? "green" : "grey"}>
                        {status}
                      </Label>
                    </Td>
                  </Tr>
                ))}
              </Tbody>
            </Table>
          )
        }
      </Loaded>
    </ChapterPage>
  );
}
