// Draws a connector's options by the rules of Airbyte's own form: cards by group, optional fields folded away,
// a choice by its titles, secrets hidden. The page calls draw(specification, values, unfolded).
import "bootstrap/dist/css/bootstrap.min.css";
import "./form.css";
import { createRoot } from "react-dom/client";
import Form from "@rjsf/react-bootstrap";
import validator from "@rjsf/validator-ajv8";

window.draw = (schema, values, unfolded) =>
  createRoot(document.body.appendChild(document.createElement("main"))).render(
    <Form
      schema={schema}
      uiSchema={looks(schema)}
      formData={values}
      formContext={{ unfolded }}
      templates={{ ObjectFieldTemplate: Fields }}
      validator={validator}
    >
      <></>
    </Form>,
  );

function Fields({ schema, properties, title, description, registry }) {
  if (!schema.groups) {
    return (
      <fieldset>
        {title && <legend>{title}</legend>}
        {description && <p className="text-muted">{description}</p>}
        <Folded {...{ schema, properties, registry }} />
      </fieldset>
    );
  }
  return schema.groups.map(({ id, title: name }) => (
    <section className="card" key={id}>
      <h5>{name}</h5>
      <Folded
        schema={schema}
        registry={registry}
        properties={properties.filter((field) => schema.properties[field.name].group === id)}
      />
    </section>
  ));
}

function Folded({ schema, properties, registry }) {
  const isShown = ({ name }) => schema.required?.includes(name) || schema.properties[name].always_show;
  const optional = properties.filter((field) => !isShown(field));
  return (
    <>
      {properties.filter(isShown).map((field) => field.content)}
      {optional.length > 0 && (
        <details open={registry.formContext.unfolded}>
          <summary>Optional fields</summary>
          {optional.map((field) => field.content)}
        </details>
      )}
    </>
  );
}

// How each field is displayed, as the specification states.
function looks(schema) {
  const parts = [schema, ...(schema.oneOf ?? [])].map((part) => part.properties ?? {});
  const fields = Object.assign({}, ...parts);
  const nested = Object.entries(fields).map(([name, field]) => [name, looks(field)]);
  return {
    ...Object.fromEntries(nested),
    ...(schema.items && { items: looks(schema.items) }),
    "ui:order": Object.keys(fields).sort((a, b) => fields[a].order - fields[b].order).concat("*"),
    ...(schema.pattern_descriptor && { "ui:help": `Format: ${schema.pattern_descriptor}` }),
    ...(schema.display_type && { "ui:widget": schema.display_type === "radio" ? "radio" : "select" }),
    ...(schema.multiline && { "ui:widget": "textarea" }),
    ...(schema.airbyte_secret && { "ui:widget": "password" }),
    ...("const" in schema && { "ui:widget": "hidden" }),
  };
}
